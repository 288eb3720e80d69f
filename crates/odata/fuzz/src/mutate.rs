//! Mutations of seeds by a generator with a fixed start: the same inputs on every machine, without a fuzzer.

/// Texts that inputs are made of.
const TOKENS: [&str; 40] = [
    "(",
    ")",
    "'",
    "\"",
    "/",
    ",",
    ";",
    "$",
    "@",
    "&",
    "=",
    ":",
    "%27",
    "%2F",
    "%",
    "{",
    "}",
    "[",
    "]",
    "null",
    " eq ",
    " and ",
    " not ",
    "-",
    "9223372036854775808",
    "1e400",
    "$it",
    "$filter",
    "any(x:",
    "\u{0}",
    "é",
    "\u{1F600}",
    "\\u",
    "<",
    "/>",
    "\r\n",
    "--b",
    "$count",
    "$expand=",
    "*",
];

/// A stream of inputs made from seeds.
#[derive(Debug)]
pub struct Mutator {
    seeds: Vec<Vec<u8>>,
    state: u64,
}

impl Mutator {
    /// Starts at `start`; the same start gives the same inputs.
    pub fn new(seeds: Vec<Vec<u8>>, start: u64) -> Self {
        Self { seeds, state: start | 1 }
    }

    /// xorshift64*: enough to choose places and tokens.
    fn random(&mut self, below: usize) -> usize {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        let high = self.state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(high).unwrap_or(usize::MAX) % below.max(1)
    }

    /// The next input: a seed with one to four changes.
    pub fn input(&mut self) -> Vec<u8> {
        let chosen = self.random(self.seeds.len());
        let mut input = self.seeds[chosen].clone();
        for _ in 0..=self.random(4) {
            self.change(&mut input);
        }
        input
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.random(input.len() + 1);
        let end = (at + self.random(12)).min(input.len());
        match self.random(6) {
            0 => drop(input.drain(at..end)),
            1 => {
                let token = TOKENS[self.random(TOKENS.len())];
                drop(input.splice(at..at, token.bytes()));
            }
            2 => {
                let token = TOKENS[self.random(TOKENS.len())];
                drop(input.splice(at..end, token.bytes()));
            }
            3 => {
                let piece = input[at..end].to_vec();
                let to = self.random(input.len() + 1);
                drop(input.splice(to..to, piece));
            }
            4 => {
                let other = self.random(self.seeds.len());
                let from = self.random(self.seeds[other].len() + 1);
                let piece = self.seeds[other][from..].iter().take(40).copied().collect::<Vec<_>>();
                drop(input.splice(at..end, piece));
            }
            _ => {
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << self.state.trailing_zeros().min(6);
                }
            }
        }
    }
}
