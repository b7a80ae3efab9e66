//! Why an old bot gave no usable reply (O4), as one set of words for log lines and metrics.
//!
//! The transport, the reading of a body and the engine each find some of these. They stand in one enum, because
//! `/metrics` shows every one of them from the start: a word that only its finder knew would be forgotten there.

use crate::named::named;

named! {
    /// Why a bot gave no usable reply. The words never change: operators' queries hold them.
    pub enum BackendProblem {
        /// The bot's name has no address.
        Unresolved "dns",
        /// The bridge has no file left for a connection: its own shortage (S5).
        NoFiles "no_files",
        /// The bot was busy with others until no full deadline remained: the bridge's own bound (I8, S1).
        Queued "queue",
        /// Nothing listens there, or the network does not lead there.
        Unreachable "connect",
        /// The TLS handshake failed.
        Tls "tls",
        /// The bot's certificate is not trusted.
        Untrusted "untrusted",
        /// The bot was given up (S1, S3).
        TimedOut "timeout",
        /// The connection ended before the answer did.
        Cut "cut",
        /// The answer is not HTTP.
        Malformed "malformed",
        /// The body is larger than is read.
        TooLarge "too_large",
        /// Any status but 200 (legacy.md 1).
        Status "status",
        /// The body is empty.
        Empty "empty",
        /// The body is not JSON.
        NotJson "not_json",
        /// The body is JSON, but no object.
        NotAnObject "not_an_object",
        /// The body is an object without anything of a reply.
        Foreign "foreign",
        /// The JSON is nested too deep.
        TooDeep "too_deep",
        /// The JSON has too many values.
        TooMany "too_many",
        /// Decompressed, the body is larger than is read.
        TooLong "too_long",
        /// No full deadline remained for the message, so it was not sent (S1).
        NoTime "no_time",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_problem_has_a_word_of_its_own() {
        let words: std::collections::BTreeSet<_> = BackendProblem::ALL.iter().map(|problem| problem.as_str()).collect();
        assert_eq!(words.len(), BackendProblem::ALL.len());
        assert!(words.iter().all(|word| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')));
    }
}
