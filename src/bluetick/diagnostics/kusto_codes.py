"""Every code of a diagnostic beside what Kusto says of the same mistake: its engine, and Microsoft's analyzer.

The engine's codes are not documented as a whole. `engine` holds those that its published messages show; where it is
empty, nobody has been seen to get a code for it. A `SEM` code of ours that is not among them is our own number. The
analyzer is the library Kusto.Language, which editors use: its codes are compared with ours by a test.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KustoCode:
    """`analyzer` may be empty where it does not look for the mistake, or where the message is about this program."""

    code: str
    meaning: str
    engine: tuple[str, ...] = ()
    analyzer: tuple[str, ...] = ()

    @property
    def is_kustos(self) -> bool:
        """Whether the engine uses the same code for the same mistake."""
        return self.code in self.engine


QUERY_CODES = (
    KustoCode(
        "SYN0002",
        "the text is not KQL: the message says what was expected",
        ("SYN0001", "SYN0002"),
        ("KS001", "KS002", "KS005", "KS006", "KS174", "KS176", "KS198"),
    ),
    KustoCode("SEM0008", "a word is no type", (), ("KS160",)),
    KustoCode("SEM0010", "nothing in the text gives rows"),
    KustoCode("SEM0011", "a table is expected", (), ("KS111",)),
    KustoCode("SEM0012", "one value is expected, not a table", ("SEM0085",), ("KS006", "KS108")),
    KustoCode("SEM0015", "the values do not fill the rows of datatable", (), ("KS173",)),
    KustoCode("SEM0027", "the rows are in no order: prev(), next() and row_number() need one"),
    KustoCode("SEM0030", "a parameter of an operator has a value that it cannot have", (), ("KS005",)),
    KustoCode("SEM0036", "no definition of the pattern fits", ("SEM0036",), ("KS188",)),
    KustoCode(
        "SEM0064",
        "the operator or the function does not take values of these types",
        ("SEM0001", "SEM0064"),
        ("KS106", "KS107", "KS127"),
    ),
    KustoCode("SEM0078", "summarize has something that is no aggregate", (), ("KS236",)),
    KustoCode("SEM0079", "a name has two lets", ("SEM0079",), ("KS201",)),
    KustoCode(
        "SEM0081",
        "a value has another type than its place wants",
        ("SEM0447",),
        ("KS107", "KS134", "KS141", "KS142", "KS147"),
    ),
    KustoCode("SEM0088", "a constant is wanted", (), ("KS129",)),
    KustoCode("SEM0089", "an argument has a value that it cannot have, such as a broken regular expression"),
    KustoCode("SEM0090", "a column would have an empty name"),
    KustoCode(
        "SEM0100",
        "a name stands for nothing that is known here",
        ("SEM0100", "SEM0139"),
        ("KS109", "KS142", "KS145", "KS204", "KS236"),
    ),
    KustoCode("SEM0110", "a condition of join is of another form", (), ("KS006", "KS182", "KS183")),
    KustoCode("SEM0116", "a key of a group, a sort or a join is dynamic", ("SEM0001", "SEM0480"), ("KS116", "KS241")),
    KustoCode("SEM0171", "two columns would have one name", (), ("KS171",)),
    KustoCode("SEM0219", "a function has too few or too many arguments", ("SEM0219",), ("KS119", "KS120")),
    KustoCode("SEM0242", "the two keys of a join differ in type", (), ("KS227", "KS242")),
    KustoCode("SEM0260", "a function is not known", ("SEM0260",), ("KS211",)),
    KustoCode("SEM0261", "a plugin is not known", (), ("KS124",)),
    KustoCode("SEM0300", "a query parameter has neither a value nor a default"),
    KustoCode("SEM0500", "assert() has failed"),
    KustoCode("BTK0100", "an operator is not run here"),
    KustoCode("BTK0101", "the text is too long", (), ("KS244",)),
    KustoCode("BTK0102", "the text nests too deep", (), ("KS245",)),
    KustoCode("BTK0103", "one expression has too many operands", (), ("KS245",)),
    KustoCode("BTK0104", "nothing answers the look-ups of this function"),
    KustoCode("BTK0105", "a plugin is not run here"),
    KustoCode("BTK0106", "a function is not run here"),
    KustoCode("BTK0107", "one form of an operator or a function is not run here"),
    KustoCode("BTK0108", "a table of another database, cluster or workspace", ("SEM0056",)),
    KustoCode("BTK0110", "the expression nests too deep", (), ("KS245",)),
    KustoCode("BTK0111", "with its lets and functions in their places the query is too large"),
    KustoCode("BTK0112", "the rows would give too many columns"),
    KustoCode("BTK0113", "this engine would not give what the others give"),
    KustoCode("BTK0120", "a stored function cannot be read", (), ("KS200",)),
    KustoCode("BTK0121", "a stored function calls itself", ("SEM0057",)),
    KustoCode("BTK0122", "a watchlist is not here"),
    KustoCode("BTK0123", "ingestion_time() is not known here"),
    KustoCode("BTK0124", "too many stored functions call one another"),
    KustoCode("BTK0125", "an aggregate stands outside summarize", (), ("KS144",)),
    KustoCode("BTK0140", "the operator takes a graph", (), ("KS218", "KS219")),
    KustoCode("BTK0141", "a query cannot end in a graph"),
    KustoCode("BTK0142", "a pattern of graph-match is broken", (), ("KS217", "KS238")),
    KustoCode("BTK0143", "a function of graphs stands outside graph-match"),
    KustoCode("BTK0150", "something that was written has no effect here"),
    KustoCode("BTK0151", "a leg of a fuzzy union does not exist", (), ("KS205",)),
    KustoCode("BTK0152", "the columns are known only when the query runs"),
    KustoCode("BTK0153", "further rows stay without an answer"),
    KustoCode("BTK0154", "what is finer than a microsecond is cut off"),
    KustoCode("BTK0155", "a table of another place is read from here"),
    KustoCode("BTK0156", "one table of several places is read once"),
    KustoCode("BTK0157", "only a part is looked at"),
    KustoCode("BTK0160", "another time stands for ingestion_time()"),
    KustoCode("BTK0161", "a watchlist is not here, and its columns are not checked"),
    KustoCode("BTK0162", "a leg of a fuzzy union is not checked"),
    KustoCode("BTK0170", "a fault of this program's own, which should be reported"),
)

DOCUMENT_CODES = (
    KustoCode("BTK0200", "the document cannot be read"),
    KustoCode("BTK0201", "the document is too large"),
    KustoCode("BTK0202", "the document is empty"),
    KustoCode("BTK0203", "the document is not text"),
    KustoCode("BTK0204", "the document is not in the encoding that it names"),
    KustoCode("BTK0205", "the document was read as Windows-1252"),
    KustoCode("BTK0206", "a character of the query would be a guess"),
    KustoCode("BTK0207", "wrongly decoded prose was repaired"),
    KustoCode("BTK0208", "wrongly decoded prose stays"),
    KustoCode("BTK0209", "the query looks wrongly decoded"),
    KustoCode("BTK0210", "the document holds no query"),
    KustoCode("BTK0211", "a fence is never closed"),
    KustoCode("BTK0212", "a fence without a language is read as KQL"),
    KustoCode("BTK0213", "several queries are several detections"),
    KustoCode("BTK0214", "a tactic is not one of ATT&CK"),
    KustoCode("BTK0215", "a technique is not one of ATT&CK"),
    KustoCode("BTK0216", "a severity is not known"),
    KustoCode("BTK0217", "a duration cannot be read"),
    KustoCode("BTK0218", "a comparison of the number of rows is not known"),
    KustoCode("BTK0219", "a threshold is not a number of rows"),
    KustoCode("BTK0220", "a threshold lacks a part"),
    KustoCode("BTK0221", "an id is not a GUID"),
    KustoCode("BTK0222", "a field of the header is not known"),
    KustoCode("BTK0223", "a line of the header belongs to no field"),
    KustoCode("BTK0224", "a field is given twice"),
    KustoCode("BTK0225", "an entity cannot be read"),
    KustoCode("BTK0226", "a schema pack is not known"),
    KustoCode("BTK0227", "the overlay replaces a field"),
    KustoCode("BTK0228", "a field of the overlay is not known"),
    KustoCode("BTK0229", "one field cannot serve several detections"),
    KustoCode("BTK0230", "a file beside a document was given as a document"),
    KustoCode("BTK0231", "the YAML is more than plain"),
    KustoCode("BTK0232", "a field has another form"),
    KustoCode("BTK0233", "the document holds too many queries"),
    KustoCode("BTK0234", "the JSON is not strict"),
    KustoCode("BTK0235", "a key is not known to the document's form"),
    KustoCode("BTK0236", "the query is an expression of a template"),
    KustoCode("BTK0237", "a value is an expression of a template"),
    KustoCode("BTK0238", "a word is not one of those that a key takes"),
    KustoCode("BTK0240", "an extra for Sigma rules is missing"),
    KustoCode("BTK0241", "a Sigma document is no rule"),
    KustoCode("BTK0242", "a Sigma rule cannot be made into KQL"),
    KustoCode("BTK0243", "a Sigma log source has no table"),
    KustoCode("BTK0244", "a Sigma field is not told by its table"),
    KustoCode("BTK0245", "a Sigma rule asks for too much"),
    KustoCode("BTK0250", "a key of a mapping is not known"),
    KustoCode("BTK0251", "a mapping lacks something"),
    KustoCode("BTK0252", "a part of a mapping has another form"),
    KustoCode("BTK0253", "a table is mapped twice"),
    KustoCode("BTK0254", "a mapping's expression is of another type than its column"),
    KustoCode("BTK0255", "a mapping's expression does more than compute a value of its row"),
    KustoCode("BTK0256", "a mapped column is not of the known table"),
    KustoCode("BTK0257", "a partition hint does not fit its source"),
    KustoCode("BTK0258", "a mapping's source is itself mapped or not there"),
    KustoCode("BTK0280", "a duration does not fit the target of a conversion"),
    KustoCode("BTK0281", "a frequency is longer than the lookback"),
    KustoCode("BTK0282", "a query is too long for the target of a conversion"),
    KustoCode("BTK0283", "the target of a conversion refuses a form in queries"),
    KustoCode("BTK0284", "the target of a conversion takes fewer of something"),
    KustoCode("BTK0285", "the target of a conversion has no place for something"),
    KustoCode("BTK0286", "the target of a conversion requires more than the rule says"),
    KustoCode("BTK0287", "the target of a conversion has no such schedule"),
    KustoCode("BTK0288", "a result lacks a column that the target of a conversion requires"),
    KustoCode("BTK0289", "something that no alert hangs on is left out of a conversion"),
    KustoCode("BTK0290", "a query is written for the tables of another service"),
    KustoCode("BTK0291", "a conversion would read back otherwise"),
    KustoCode("BTK0292", "a query whose result must be known does not bind"),
)
KUSTO_CODES = {row.code: row for row in (*QUERY_CODES, *DOCUMENT_CODES)}
