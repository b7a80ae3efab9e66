//! The bridge from outside: OpenBuilder and Kakao's webhook on one side, scripted old bots on the other, real sockets
//! between. Every test names the rule it is about.

mod access;
mod bots;
mod connections;
mod conversation;
mod explain;
mod handover;
mod home;
mod hostile;
mod logs;
mod many;
mod media;
mod pending;
mod pieces;
mod strangers;
mod tls;
mod webhook;
