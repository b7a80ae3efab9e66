//! From what is drawn when somebody has to be forgotten (S5).

use crate::ids::UserKey;

/// From what is drawn at the bound: every user once, in no order; those who left are found out when drawn.
#[derive(Debug)]
pub(super) struct Drawing {
    pub(super) users: Vec<UserKey>,
    random: u64,
}

impl Default for Drawing {
    fn default() -> Self {
        Self { users: Vec::new(), random: 0x9e37_79b9_7f4a_7c15 }
    }
}

impl Drawing {
    /// One user at random: xorshift is random enough to choose who is forgotten.
    pub(super) fn draw(&mut self) -> Option<(usize, UserKey)> {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let count = u64::try_from(self.users.len()).ok()?;
        let place = usize::try_from(self.random.checked_rem(count)?).ok()?;
        self.users.get(place).map(|user| (place, *user))
    }
}
