//! Allow and block lists.
