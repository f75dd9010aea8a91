//! Images of the image crate as pictures.

use std::io::Cursor;
use std::ops::Deref;

use image::buffer::ConvertBuffer;
use image::{DynamicImage, ImageBuffer, ImageFormat, ImageResult, Pixel, RgbaImage};

pub trait Display {
    fn evcxr_display(&self);
}

impl Display for DynamicImage {
    fn evcxr_display(&self) {
        show(self);
    }
}

impl<P, C> Display for ImageBuffer<P, C>
where
    P: Pixel,
    C: Deref<Target = [P::Subpixel]>,
    ImageBuffer<P, C>: ConvertBuffer<RgbaImage>,
{
    fn evcxr_display(&self) {
        show(&DynamicImage::ImageRgba8(self.convert()));
    }
}

/// What is larger than this, each way, is shown smaller.
const LARGEST: u32 = 2048;

fn show(image: &DynamicImage) {
    let (width, height) = (image.width(), image.height());
    let smaller = (width.max(height) > LARGEST).then(|| image.thumbnail(LARGEST, LARGEST));
    let text = parcell::display::image_text(width as usize, height as usize);
    let bundle = match encoded(smaller.as_ref().unwrap_or(image)) {
        Ok(bytes) => parcell::display::png(bytes).with("text/plain", text),
        Err(error) => parcell::display::MimeBundle::new().with("text/plain", format!("{text}\n(no picture: {error})")),
    };
    bundle.evcxr_display();
}

fn encoded(image: &DynamicImage) -> ImageResult<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    let plain = match image {
        // PNG has no numbers with points.
        DynamicImage::ImageRgb32F(_) | DynamicImage::ImageRgba32F(_) => &DynamicImage::ImageRgba8(image.to_rgba8()),
        image => image,
    };
    plain.write_to(&mut bytes, ImageFormat::Png)?;
    Ok(bytes.into_inner())
}
