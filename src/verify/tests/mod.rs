//! Tests of the verdict about items and numbers, and of what is written about it.

mod compared;
mod files;
mod logged;
mod measured;
