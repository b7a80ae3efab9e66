//! How operators get in: printed at start by a bridge that made a token of its own (C2).

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::runtime::Running;

/// Prints address and token on standard output, where no `admin.token` is configured and other machines reach the
/// admin listener. Standard output, because log lines go to standard error and are kept by collectors.
///
/// # Errors
/// Standard output cannot be written.
pub(super) fn tell(running: &Running) -> io::Result<()> {
    let Some(token) = running.operators_token() else { return Ok(()) };
    let token = String::from_utf8_lossy(token.expose());
    let url = format!("http://{}", reachable(running.admin()));
    let mut out = io::stdout().lock();
    writeln!(out, "운영자 주소 / operators: {url}/  (admin.token이 없어 이번 실행에만 쓰는 토큰을 만들었습니다")?;
    writeln!(out, "                         / no admin.token is configured, so this token is good for this run only)")?;
    writeln!(out, "  curl -H 'Authorization: Bearer {token}' {url}/readyz")?;
    writeln!(
        out,
        "  다른 컴퓨터에서 / from another computer: ssh -L {0}:127.0.0.1:{0} SERVER",
        running.admin().port()
    )?;
    out.flush()
}

/// An address that a browser can be given: the machine itself where all addresses are listened on.
fn reachable(bound: SocketAddr) -> SocketAddr {
    if bound.ip().is_unspecified() { SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), bound.port()) } else { bound }
}
