//! Rank 4: the life of a turn ([`turn`]), and who gets its answer when ([`patience`]).

mod answer;
mod ask;
mod life;
pub mod patience;
pub mod ticket;
pub mod turn;
