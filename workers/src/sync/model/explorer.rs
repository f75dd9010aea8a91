//! Looks at every state that a model can get into.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;

/// An algorithm, run by some processes.
pub(super) trait Model {
    /// What is shared, and where each process is.
    type State: Clone + Debug + Eq + Hash;

    /// What it begins with.
    fn start(&self) -> Self::State;

    /// The states that one step of one process leads to.
    fn steps(&self, state: &Self::State) -> Vec<Self::State>;

    /// The states that killing one process leads to.
    fn kills(&self, state: &Self::State) -> Vec<Self::State>;

    /// What is wrong in a state, if anything is.
    fn check(&self, state: &Self::State) -> Result<(), &'static str>;

    /// Whether every process that lives has done all it wanted, or waits for what will not happen.
    fn is_settled(&self, state: &Self::State) -> bool;
}

/// Checks every state, and that from each of them, if nobody is killed any more, a settled one can be reached: nobody
/// hangs. Returns the number of states.
///
/// # Panics
///
/// If something is wrong; the message has the states that led there.
pub(super) fn explore(model: &impl Model) -> usize {
    let mut graph = Graph::beginning_with(model.start());
    let mut next = 0;
    while next < graph.states.len() {
        let state = graph.states[next].clone();
        if let Err(reason) = model.check(&state) {
            graph.fail(next, reason);
        }
        for after in model.steps(&state) {
            let after = graph.add(next, after);
            graph.before[after].push(next);
        }
        for after in model.kills(&state) {
            graph.add(next, after);
        }
        next += 1;
    }
    graph.check_that_all_lead_to(|state| model.is_settled(state));
    graph.states.len()
}

struct Graph<S> {
    states: Vec<S>,
    index: HashMap<S, usize>,
    /// For each state, the one it was first found after.
    found_after: Vec<usize>,
    /// For each state, those from which a step leads to it.
    before: Vec<Vec<usize>>,
}

impl<S: Clone + Debug + Eq + Hash> Graph<S> {
    fn beginning_with(start: S) -> Self {
        let mut new = Self {
            states: Vec::new(),
            index: HashMap::new(),
            found_after: Vec::new(),
            before: Vec::new(),
        };
        new.add(0, start);
        new
    }

    fn add(&mut self, from: usize, state: S) -> usize {
        if let Some(&known) = self.index.get(&state) {
            return known;
        }
        let new = self.states.len();
        self.index.insert(state.clone(), new);
        self.states.push(state);
        self.found_after.push(from);
        self.before.push(Vec::new());
        new
    }

    fn check_that_all_lead_to(&self, is_good: impl Fn(&S) -> bool) {
        let mut leads_there: Vec<_> = self.states.iter().map(is_good).collect();
        let mut open: Vec<_> = (0..self.states.len()).filter(|&state| leads_there[state]).collect();
        while let Some(state) = open.pop() {
            for &before in &self.before[state] {
                if !std::mem::replace(&mut leads_there[before], true) {
                    open.push(before);
                }
            }
        }
        if let Some(stuck) = leads_there.iter().position(|leads| !leads) {
            self.fail(stuck, "somebody hangs");
        }
    }

    fn fail(&self, state: usize, reason: &str) -> ! {
        let mut path = vec![state];
        while let Some(&last) = path.last()
            && last != 0
        {
            path.push(self.found_after[last]);
        }
        let path: Vec<_> = path
            .into_iter()
            .rev()
            .map(|at| format!("{:?}\n", self.states[at]))
            .collect();
        panic!("{reason}:\n{}", path.concat());
    }
}
