//! Documentation of what is at a place.

use ra_ap_ide::{
    FilePosition, FileRange, HoverConfig, HoverDocFormat, RaFixtureConfig, SubstTyLen, TextRange, TextSize,
};

use super::AnalysisError;
use super::host::Host;

const CONFIG: HoverConfig<'_> = HoverConfig {
    links_in_hover: true,
    memory_layout: None,
    documentation: true,
    keywords: true,
    format: HoverDocFormat::Markdown,
    max_trait_assoc_items_count: None,
    max_fields_count: Some(5),
    max_enum_variants_count: Some(5),
    max_subst_ty_len: SubstTyLen::Unlimited,
    show_drop_glue: false,
    ra_fixture: RaFixtureConfig::default(),
};

/// In Markdown; None where nothing is known.
pub(super) fn at(host: &Host, offset: usize) -> Result<Option<String>, AnalysisError> {
    let FilePosition { file_id, offset } = position(host, offset)?;
    let range = FileRange {
        file_id,
        range: TextRange::empty(offset),
    };
    let found = host.analysis.analysis().hover(&CONFIG, range);
    let found = found.map_err(|error| AnalysisError::Unanswered(error.to_string()))?;
    Ok(found.map(|found| found.info.markup.into()))
}

/// A place of the source.
pub(super) fn position(host: &Host, offset: usize) -> Result<FilePosition, AnalysisError> {
    let offset = TextSize::try_from(offset).map_err(|error| AnalysisError::Unanswered(error.to_string()))?;
    Ok(FilePosition {
        file_id: host.source_id,
        offset,
    })
}
