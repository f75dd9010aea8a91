//! A map from its caller's side: as many workers as it takes, until every item has an outcome.

use std::ops::{ControlFlow, Range};

use super::crew::Crew;
use crate::error::TaskError;
use crate::job::Job;
use crate::map::{Packing, Recorder, Sink};
use crate::pool::settings::Settings;

/// Runs `job` for the indices `0..items` in workers; each stands for `block` of the user's items, whose indices errors
/// tell. Where there is a packing, `job` appends as many bytes for each. What comes of them is noted down in `recorder`, where there
/// is one. When it returns or unwinds, no worker is left.
pub(in crate::pool) fn run(
    settings: &Settings,
    items: usize,
    block: usize,
    (packing, mut recorder): (Packing, Option<Recorder>),
    job: &mut Job<'_>,
    sink: &mut Sink<'_>,
) {
    if items == 0 {
        return;
    }
    let chunks = items.div_ceil(settings.map.chunk_size.unwrap_or(1));
    let mut crew = match Crew::new(settings.with_at_most(chunks), items, block, packing) {
        Ok(crew) => crew,
        Err(error) => {
            let error = format!("the memory that workers share cannot be had: {error}");
            let fail = |item| {
                sink(
                    item..item + 1,
                    0,
                    Err(TaskError::system(None, Some(item * block), error.as_str())),
                )
            };
            // The items are failed one by one until the caller has had enough.
            let _ = (0..items).try_for_each(fail);
            return;
        }
    };
    // The map ends early by breaking. The workers end here, and also if the sink panics, with the crew.
    let is_complete = finish(&mut crew, &mut recorder, job, sink).is_continue();
    if !is_complete && let Some(recorder) = &mut recorder {
        crew.end_with(&mut |items, _, outcome| {
            recorder.note(items, &outcome);
            ControlFlow::Continue(())
        });
    }
    drop(recorder);
    if let Some(profiler) = crew.close() {
        profiler.show(is_complete.then_some(job));
    }
}

fn finish(crew: &mut Crew, recorder: &mut Option<Recorder>, job: &mut Job<'_>, sink: &mut Sink<'_>) -> ControlFlow<()> {
    // Each is given its first items, before the first of them can take any, so that every worker asked for has a part,
    // however short the work: who watches sees as many processes as there are.
    let size = crew.settings().map.chunk_size.unwrap_or(1);
    let firsts: Vec<_> = (0..crew.settings().workers).map(|_| crew.board.take(size)).collect();
    for (slot, first) in firsts.into_iter().enumerate() {
        // If no more processes are to be had, fewer will do. What these were to begin with is done when the rest is.
        if crew.start(slot, vec![first], job).is_err() {
            break;
        }
    }
    loop {
        while !crew.is_empty() {
            crew.turn(job, &mut recording(recorder, sink), None)?;
            // A wait follows, in which the cell may be interrupted.
            if let Some(recorder) = recorder {
                recorder.flush();
            }
        }
        if crew.ledger.left() == 0 {
            return ControlFlow::Continue(());
        }
        if let Err(error) = crew.start_over(job) {
            crew.fail_unstarted(&error, &mut recording(recorder, sink))?;
        }
    }
}

/// The sink, with each outcome noted down before it gets it.
fn recording(
    recorder: &mut Option<Recorder>,
    sink: &mut Sink<'_>,
) -> impl FnMut(Range<usize>, u32, Result<&[u8], TaskError>) -> ControlFlow<()> {
    move |items, pid, outcome| {
        if let Some(recorder) = recorder {
            recorder.note(items.clone(), &outcome);
        }
        sink(items, pid, outcome)
    }
}
