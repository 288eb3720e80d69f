//! Whole rounds against small servers on the loopback: what is counted, and that answers in pieces are understood.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use bytes::Bytes;
use load::{Client, FAULTS_MAX, Plan, Stop, run};

/// Serves every connection in a thread of its own with `answer`, which gets the number of the request on its connection; the pieces are sent one by
/// one. An empty list closes the connection.
fn serve(answer: fn(usize) -> Vec<&'static str>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.expect("accepts");
            std::thread::spawn(move || converse(stream, answer));
        }
    });
    address
}

fn converse(mut stream: TcpStream, answer: fn(usize) -> Vec<&'static str>) {
    stream.set_nodelay(true).expect("a socket option");
    let mut buffer = [0; 4096];
    for number in 0.. {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let pieces = answer(number);
        if pieces.is_empty() {
            return;
        }
        for (index, piece) in pieces.iter().enumerate() {
            if index > 0 {
                std::thread::sleep(Duration::from_millis(2));
            }
            if stream.write_all(piece.as_bytes()).is_err() {
                return;
            }
        }
    }
}

fn plan(address: SocketAddr, requests: &[Bytes], stop: Stop) -> Plan<'_> {
    Plan {
        address,
        connections: 3,
        requests,
        expect: &[200],
        once: false,
        faults_max: FAULTS_MAX,
        warm_up: Duration::ZERO,
        stop,
        spin: false,
        mark_every: 0,
    }
}

fn get() -> Vec<Bytes> {
    vec![load::request("GET", "/", &[("authorization", "Bearer x")], &[]).into()]
}

#[test]
fn every_request_is_sent_and_counted_once() {
    let address = serve(|_| vec!["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"]);
    let requests = get();
    let outcome = run(&Plan { mark_every: 50, ..plan(address, &requests, Stop::Requests(200)) }).expect("a round");
    assert_eq!((outcome.answers, outcome.faults), (200, 0));
    assert_eq!(outcome.marks.len(), 4);
    assert!(outcome.latency(0.5) <= outcome.latency(1.0));
}

#[test]
fn a_round_ends_after_its_time() {
    let address = serve(|_| vec!["HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"]);
    let requests = get();
    let time = Duration::from_millis(200);
    let outcome = run(&plan(address, &requests, Stop::After(time))).expect("a round");
    assert!(outcome.elapsed >= time && outcome.answers > 0);
}

#[test]
fn answers_in_pieces_are_one_answer() {
    let address = serve(|_| vec!["HTTP/1.1 200 OK\r\ncontent-", "length: 4\r\n\r\n", "ab", "cd"]);
    let requests = get();
    let outcome = run(&plan(address, &requests, Stop::Requests(12))).expect("a round");
    assert_eq!((outcome.answers, outcome.faults), (12, 0));
    let answer = Client::connect(address).expect("connects").send(&requests[0]).expect("an answer");
    assert_eq!(answer, (200, b"abcd".to_vec()));
}

#[test]
fn a_wrong_status_is_a_fault_and_no_answer() {
    let address = serve(|number| {
        vec![if number == 0 {
            "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n"
        } else {
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
        }]
    });
    let requests = get();
    let outcome = run(&plan(address, &requests, Stop::Requests(30))).expect("a round");
    assert_eq!((outcome.answers, outcome.faults), (27, 3));
    assert_eq!(outcome.first_fault.as_deref(), Some("status 503"));
}

#[test]
fn a_closed_connection_is_a_fault_and_opened_again() {
    let address =
        serve(|number| if number < 5 { vec!["HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"] } else { Vec::new() });
    let requests = get();
    let outcome = run(&plan(address, &requests, Stop::Requests(60))).expect("a round");
    assert!(outcome.faults > 0);
    assert_eq!(outcome.answers + outcome.faults, 60);
}

#[test]
fn a_server_that_answers_nothing_but_errors_ends_the_round() {
    let address = serve(|_| vec!["HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n"]);
    let requests = get();
    assert!(run(&plan(address, &requests, Stop::After(Duration::from_secs(20)))).is_err());
}

#[test]
fn each_request_has_its_own_expectation() {
    let address = serve(|number| {
        vec![if number.is_multiple_of(2) {
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
        } else {
            "HTTP/1.1 304 Not Modified\r\n\r\n"
        }]
    });
    let requests = [get(), get()].concat();
    let plan = Plan { connections: 1, expect: &[200, 304], ..plan(address, &requests, Stop::Requests(20)) };
    let outcome = run(&plan).expect("a round");
    assert_eq!((outcome.answers, outcome.faults), (20, 0));
    let swapped = run(&Plan { expect: &[304, 200], ..plan }).expect("a round");
    assert_eq!((swapped.answers, swapped.faults), (0, 20));
}

#[test]
fn an_answer_that_is_not_on_record_is_a_fault() {
    let address = serve(|_| vec!["HTTP/1.1 200 OK\r\nofficeconfig-recorded: false\r\ncontent-length: 0\r\n\r\n"]);
    let requests = get();
    let outcome = run(&plan(address, &requests, Stop::Requests(5))).expect("a round");
    assert_eq!((outcome.answers, outcome.faults), (0, 5));
}

#[test]
fn requests_that_may_go_once_end_the_round() {
    let address = serve(|_| vec!["HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"]);
    let requests: Vec<Bytes> = get().into_iter().cycle().take(70).collect();
    let plan = Plan { once: true, ..plan(address, &requests, Stop::After(Duration::from_mins(1))) };
    let outcome = run(&plan).expect("a round");
    assert_eq!((outcome.answers, outcome.faults), (70, 0));
    assert!(outcome.elapsed < Duration::from_mins(1));
}
