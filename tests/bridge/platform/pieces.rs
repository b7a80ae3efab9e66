//! Calls and replies in pieces, in rows and from slow readers, each answered by its own words. A connection that is not
//! woken for its bytes would leave its user with words of ours at the deadline.

use std::io::{BufReader, Write};
use std::net::TcpStream;
use std::thread;

use socket2::SockRef;

use crate::support::*;

fn user(number: usize) -> String {
    format!("Pc-{number:09}")
}

fn call(number: usize) -> Say {
    Say::words(&user(number), &format!("말 {number}"))
}

fn request_of(number: usize) -> Vec<u8> {
    http::request("POST", "/skill", &[], call(number).body().as_bytes())
}

/// The same call in chunks of eleven bytes.
fn chunked(number: usize) -> Vec<u8> {
    let mut bytes = b"POST /skill HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for chunk in call(number).body().as_bytes().chunks(11) {
        bytes.extend(format!("{:x}\r\n", chunk.len()).bytes().chain(chunk.iter().copied()).chain(*b"\r\n"));
    }
    bytes.extend(b"0\r\n\r\n");
    bytes
}

/// A bot that repeats what it is told, in pieces of so many bytes, and says how long the reply is or not.
fn repeating(piece: usize, in_chunks: bool) -> Bot {
    Bot::answering(move |asked| {
        let body = format!(r#"{{"message":{{"text":"{}"}}}}"#, asked.content());
        let framed = if in_chunks {
            format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len())
        } else {
            format!("Content-Length: {}\r\n\r\n{body}", body.len())
        };
        let reply = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{framed}").into_bytes();
        Reply::by(move |stream| reply.chunks(piece).all(|piece| stream.write_all(piece).is_ok()))
    })
}

#[track_caller]
fn is_answered(answer: Option<Answer>, number: usize) {
    assert_eq!(answer.expect("an answer").valid("/skill").text(), format!("말 {number}"));
}

#[test]
fn calls_and_replies_in_pieces_of_a_byte_are_answered_as_whole_ones_are() {
    for in_chunks in [false, true] {
        let bot = repeating(1, in_chunks);
        let bridge = Bridge::of(&bot, "");
        let mut caller = bridge.client();
        for (number, bytes) in [request_of(0), chunked(1), request_of(2), chunked(3)].iter().enumerate() {
            bytes.chunks(1).for_each(|byte| caller.write(byte).unwrap());
            is_answered(caller.read(), number);
            // In one piece, on the same connection.
            caller.write(bytes).unwrap();
            is_answered(caller.read(), number);
        }
    }
}

#[test]
fn calls_that_come_before_the_answers_are_read_are_answered_in_order() {
    let bot = repeating(4096, false);
    let bridge = Bridge::of(&bot, "");
    let mut caller = bridge.client();
    // All at once, then always one ahead.
    let row: Vec<u8> =
        (0..40).flat_map(|number| if number % 3 == 0 { chunked(number) } else { request_of(number) }).collect();
    caller.write(&row).unwrap();
    (0..40).for_each(|number| is_answered(caller.read(), number));
    caller.write(&request_of(40)).unwrap();
    for number in 40..80 {
        caller.write(&request_of(number + 1)).unwrap();
        is_answered(caller.read(), number);
    }
    // A caller who says no more still reads what they asked for.
    caller.write(&row).unwrap();
    caller.half_close();
    is_answered(caller.read(), 80);
    (0..40).for_each(|number| is_answered(caller.read(), number));
}

#[test]
fn a_caller_who_takes_the_answers_a_byte_at_a_time_gets_them_all() {
    const CALLS: usize = 300;
    let bot = repeating(4096, false);
    let bridge = Bridge::of(&bot, "");
    let mut stream = TcpStream::connect(bridge.public).unwrap();
    SockRef::from(&stream).set_recv_buffer_size(2048).unwrap();
    let mut reader = BufReader::with_capacity(1, stream.try_clone().unwrap());
    thread::scope(|scope| {
        scope.spawn(|| (0..CALLS).for_each(|number| stream.write_all(&request_of(number)).unwrap()));
        for number in 0..CALLS {
            let answer = http::Message::read(&mut reader).expect("an answer");
            is_answered(Answer::new(answer, std::time::Duration::ZERO), number);
        }
    });
}

#[test]
fn sixteen_connections_get_each_its_own_answers_thousands_of_times() {
    const TURNS: usize = 200;
    let bot = repeating(4096, false);
    let bridge = Bridge::of(&bot, "");
    thread::scope(|scope| {
        for connection in 0..16 {
            let mut caller = bridge.client();
            scope.spawn(move || {
                for turn in 0..TURNS {
                    let number = connection * TURNS + turn;
                    caller.write(&if turn % 5 == 4 { chunked(number) } else { request_of(number) }).unwrap();
                    is_answered(caller.read(), number);
                }
            });
        }
    });
    assert_eq!(bot.messages().len(), 16 * TURNS);
}
