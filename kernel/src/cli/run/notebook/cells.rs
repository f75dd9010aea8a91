//! The cells of a notebook as JSON.

use std::collections::HashSet;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::FormatError;

/// The longest id that nbformat allows.
const MAX_ID_LEN: usize = 64;

/// Checks what the rest relies on: a type, a source, and metadata.
pub(super) fn checked(cells: Vec<Value>) -> Result<Vec<Map<String, Value>>, FormatError> {
    cells
        .into_iter()
        .enumerate()
        .map(|(index, cell)| checked_cell(index, cell))
        .collect()
}

/// Gives every cell an id that is valid and its own, keeping those that are.
pub(super) fn complete_ids(cells: &mut [Map<String, Value>]) {
    let mut used = HashSet::new();
    for cell in cells {
        let id = match cell.get("id").and_then(Value::as_str) {
            Some(id) if is_valid_id(id) && !used.contains(id) => id.to_owned(),
            _ => new_id(),
        };
        used.insert(id.clone());
        cell.insert("id".to_owned(), id.into());
    }
}

pub(super) fn is_code(cell: &Map<String, Value>) -> bool {
    cell.get("cell_type").is_some_and(|kind| kind == "code")
}

/// The cell's text, which may be written as one string or as a list of lines.
pub(super) fn source(cell: &Map<String, Value>) -> String {
    match cell.get("source") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(lines)) => lines.iter().filter_map(Value::as_str).collect(),
        _ => String::new(),
    }
}

/// The error among the cell's outputs.
pub(super) fn failure(cell: &Map<String, Value>) -> Option<String> {
    let outputs = cell.get("outputs")?.as_array()?;
    let error = outputs.iter().find(|output| output["output_type"] == "error")?;
    let text = |field: &str| error[field].as_str().unwrap_or_default().to_owned();
    Some(format!("{}: {}", text("ename"), text("evalue")))
}

pub(super) fn has_tag(cell: &Map<String, Value>, wanted: &str) -> bool {
    let tags = cell
        .get("metadata")
        .and_then(|metadata| metadata.get("tags"))
        .and_then(Value::as_array);
    tags.is_some_and(|tags| tags.iter().any(|tag| tag == wanted))
}

fn checked_cell(index: usize, cell: Value) -> Result<Map<String, Value>, FormatError> {
    let refuse = |what: &str| FormatError::NotNotebook {
        reason: format!("its cell {} {what}", index + 1),
    };
    let Value::Object(mut cell) = cell else {
        return Err(refuse("is not an object"));
    };
    if !cell.get("cell_type").is_some_and(Value::is_string) {
        return Err(refuse("has no `cell_type`"));
    }
    let is_text = |source: &Value| match source {
        Value::String(_) => true,
        Value::Array(lines) => lines.iter().all(Value::is_string),
        _ => false,
    };
    if !cell.get("source").is_some_and(is_text) {
        return Err(refuse("has no `source` of text"));
    }
    if !cell.entry("metadata").or_insert_with(|| json!({})).is_object() {
        return Err(refuse("has `metadata` that is not an object"));
    }
    Ok(cell)
}

fn is_valid_id(id: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    !id.is_empty() && id.len() <= MAX_ID_LEN && id.chars().all(allowed)
}

/// A random id. Whole UUIDs, since the short ones that Jupyter gives can collide.
fn new_id() -> String {
    Uuid::new_v4().to_string()
}
