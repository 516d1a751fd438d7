-- A leaf is read with its row, not from another table.
{inline search_leaf}
