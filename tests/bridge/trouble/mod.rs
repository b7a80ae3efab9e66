//! The whole bridge over real sockets, against bots and a Kakao that misbehave.
//!
//! Times are real and short: a deadline of 600 ms stands for the 4.5 s of production. What depends on exact times is
//! tested without sockets, beside the code.

mod breaker;
mod callback;
mod chaos;
mod load;
mod overload;
mod parked;
mod shutdown;
mod support;
