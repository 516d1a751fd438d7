//! Agents that sign up by themselves.
