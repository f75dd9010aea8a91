//! What every type of widget has, and the methods that are made of its traits.

/// Defines a type of widget: its documentation, its name, the constant that describes its model, whether it is made without
/// arguments, and, of each trait with methods, its name, those of the methods, its type and its documentation.
macro_rules! define {
    (
        $doc:literal $widget:ident $kind:ident $new:ident
        $($name:literal $get:ident $set:ident $with:ident $type_:ident $help:literal)*
    ) => {
        #[doc = $doc]
        ///
        /// Clones are the same widget.
        #[derive(Clone)]
        #[must_use = "a widget is not shown before it is displayed"]
        pub struct $widget {
            model: Model,
        }

        define!(@$new $widget $kind);

        impl $widget {
            pub(super) fn with_defaults() -> Self {
                let model = Model::new(&$kind);
                Self { model }
            }

            $(define!(@$type_ $name $get $set $with $help);)*
        }

        impl Widget for $widget {
            fn model(&self) -> &Model {
                &self.model
            }
        }

        impl ToMimeBundle for $widget {
            fn to_mime_bundle(&self) -> MimeBundle {
                self.model.bundle()
            }
        }

        impl ToMimeBundle for &$widget {
            fn to_mime_bundle(&self) -> MimeBundle {
                self.model.bundle()
            }
        }
    };
    (@plain $widget:ident $kind:ident) => {
        impl $widget {
            /// One with the defaults of its traits.
            pub fn new() -> Self {
                Self::with_defaults()
            }
        }

        impl Default for $widget {
            fn default() -> Self {
                Self::new()
            }
        }
    };
    (@special $widget:ident $kind:ident) => {};
    (@text $name:literal $get:ident $set:ident $with:ident $help:literal) => {
        define!(@methods $name $get $set $with $help (String) (impl Into<String>) |value| value.into());
    };
    (@bool $name:literal $get:ident $set:ident $with:ident $help:literal) => {
        define!(@methods $name $get $set $with $help (bool) (bool) |value| value);
    };
    (@i64 $name:literal $get:ident $set:ident $with:ident $help:literal) => {
        define!(@methods $name $get $set $with $help (i64) (i64) |value| value);
    };
    (@f64 $name:literal $get:ident $set:ident $with:ident $help:literal) => {
        define!(@methods $name $get $set $with $help (f64) (f64) |value| value);
    };
    (
        @methods $name:literal $get:ident $set:ident $with:ident $help:literal
        ($given:ty) ($taken:ty) |$value:ident| $converted:expr
    ) => {
        #[doc = $help]
        #[must_use]
        pub fn $get(&self) -> $given {
            self.model.get($name).unwrap_or_default()
        }

        #[doc = concat!("Changes [`", stringify!($get), "`](Self::", stringify!($get), ").")]
        #[track_caller]
        pub fn $set(&self, value: $taken) {
            let $value = value;
            let converted: $given = $converted;
            self.model.set($name, converted);
        }

        #[doc = concat!("With another [`", stringify!($get), "`](Self::", stringify!($get), ").")]
        #[track_caller]
        pub fn $with(self, value: $taken) -> Self {
            self.$set(value);
            self
        }
    };
}

pub(super) use define;
