//! Tables and their columns.

/// The tables of a connector.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schema {
    pub(crate) tables: Vec<Table>,
}

impl Schema {
    /// A schema without tables.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a table.
    #[must_use]
    pub fn table(mut self, table: Table) -> Self {
        self.tables.push(table);
        self
    }

    /// The tables.
    #[must_use]
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }
}

impl FromIterator<Table> for Schema {
    fn from_iter<T: IntoIterator<Item = Table>>(tables: T) -> Self {
        Self {
            tables: tables.into_iter().collect(),
        }
    }
}

impl<const N: usize> From<[Table; N]> for Schema {
    fn from(tables: [Table; N]) -> Self {
        tables.into_iter().collect()
    }
}

/// A table: its name, its primary key, and the columns that Weld shouldn't infer.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    pub(crate) name: String,
    pub(crate) key: Vec<String>,
    pub(crate) fields: Vec<Field>,
}

impl Table {
    /// A table without a key or columns.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            key: Vec::new(),
            fields: Vec::new(),
        }
    }

    /// Adds a column to the primary key.
    #[must_use]
    pub fn key(mut self, column: impl Into<String>) -> Self {
        self.key.push(column.into());
        self
    }

    /// Adds a column.
    #[must_use]
    pub fn field(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    /// Adds columns, such as those of [`fields!`](crate::fields).
    #[must_use]
    pub fn fields(mut self, fields: impl IntoIterator<Item = Field>) -> Self {
        self.fields.extend(fields);
        self
    }

    /// The table's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The columns that identify a row.
    #[must_use]
    pub fn primary_key(&self) -> &[String] {
        &self.key
    }

    /// The listed columns.
    #[must_use]
    pub fn columns(&self) -> &[Field] {
        &self.fields
    }
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    pub(crate) name: String,
    pub(crate) kind: Type,
    pub(crate) nullable: bool,
    pub(crate) default: Option<String>,
}

impl Field {
    /// The contract's description of a nullable type; `None` if the column is not nullable.
    pub(crate) fn nullable_type(&self) -> Option<String> {
        let name = self.kind.name();
        self.nullable.then(|| format!(r#"["null", "{name}"]"#))
    }

    /// A column of this type.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: Type) -> Self {
        Self {
            name: name.into(),
            kind,
            nullable: false,
            default: None,
        }
    }

    /// Allows `null` in the column.
    #[must_use]
    pub fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }

    /// Sets the value for rows that lack the column: a string, a number or a boolean.
    #[must_use]
    pub fn default(mut self, value: impl Into<serde_json::Value>) -> Self {
        self.default = Some(value.into().to_string());
        self
    }

    /// The column's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The type that Weld gives a column.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Type {
    /// A text.
    String,
    /// A 32-bit integer.
    Int,
    /// A 64-bit integer.
    Long,
    /// A floating-point number.
    Double,
    /// `true` or `false`.
    Boolean,
    /// A point in time, written as text.
    Datetime,
    /// A list.
    Array,
    /// An object.
    Object,
}

impl Type {
    /// Weld's name for the type, such as `"int"`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Int => "int",
            Self::Long => "long",
            Self::Double => "double",
            Self::Boolean => "boolean",
            Self::Datetime => "datetime",
            Self::Array => "array",
            Self::Object => "object",
        }
    }
}

/// Lists columns as `name: type`. Write `nullable` before the type if the API also sends `null`, and `= value` after it
/// for the value of rows that lack the column.
///
/// ```
/// use weld_connector::{Field, Type, fields};
///
/// let fields = fields! { id: int, phone: nullable string, newsletter: boolean = false };
/// assert_eq!(fields[1], Field::new("phone", Type::String).nullable());
/// assert_eq!(fields[2], Field::new("newsletter", Type::Boolean).default(false));
/// ```
#[macro_export]
macro_rules! fields {
    ($($name:ident: $($kind:ident)+ $(= $default:expr)?),* $(,)?) => {
        [$($crate::fields!(@field $name $($kind)+)$(.default($default))?),*]
    };
    (@field $name:ident nullable $kind:ident) => { $crate::fields!(@field $name $kind).nullable() };
    (@field $name:ident $kind:ident) => {
        $crate::Field::new(::std::stringify!($name), $crate::fields!(@type $kind))
    };
    (@type string) => { $crate::Type::String };
    (@type int) => { $crate::Type::Int };
    (@type long) => { $crate::Type::Long };
    (@type double) => { $crate::Type::Double };
    (@type boolean) => { $crate::Type::Boolean };
    (@type datetime) => { $crate::Type::Datetime };
    (@type array) => { $crate::Type::Array };
    (@type object) => { $crate::Type::Object };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_its_name_in_the_macro_and_in_weld() {
        let fields = fields! {
            a: string, b: int, c: long, d: double, e: boolean, f: datetime, g: array, h: object,
        };
        let words = fields.map(|field| field.kind.name());
        let expected = [
            "string", "int", "long", "double", "boolean", "datetime", "array", "object",
        ];
        assert_eq!(words, expected);
    }

    #[test]
    fn a_table_keeps_the_order_of_its_columns_and_key() {
        let table = Table::new("lines")
            .key("order")
            .key("line")
            .fields(fields! { order: int, line: int })
            .field(Field::new("note", Type::String).nullable().default("none"));
        assert_eq!(table.primary_key(), ["order", "line"]);
        let names: Vec<_> = table.columns().iter().map(Field::name).collect();
        assert_eq!(names, ["order", "line", "note"]);
        assert_eq!(table.columns()[2].default.as_deref(), Some("\"none\""));
    }
}
