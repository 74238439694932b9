//! Role assignments: terms, chapters, and who sees, makes and ends them.

mod chapters;
mod terms;
