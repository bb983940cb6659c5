-- raw: ways to read the raw files of one run, all columns as text.
--
-- What:  table macros over read_csv. The engine has compared every header before, so nothing is guessed.
--        The column filename tells the member; its folder is the raw object it came from.
-- Why:   text first, typed by the transform: a value that does not fit becomes an objection to its row, not
--        the end of the statement. (Where speed decides, a transform lets the parser type the columns.)

-- Columns by the names in the header, in any order. union_by_name has every file looked at on its own:
-- without it the line ends and blank lines of the first file are taken for those of all, and rows are lost.
CREATE OR REPLACE MACRO raw_columns(files) AS TABLE
    SELECT *
    FROM read_csv(
        files,
        header = TRUE,
        delim = ',',
        quote = '"',
        escape = '"',
        all_varchar = TRUE,
        union_by_name = TRUE,
        filename = TRUE
    );

-- Columns by position, named by the layout (a struct of name: 'VARCHAR'). The header comes as a row like any
-- other, so that a blank line before it or a stray quote in it does no harm.
CREATE OR REPLACE MACRO raw_positions(files, layout) AS TABLE
    SELECT *
    FROM read_csv(
        files,
        auto_detect = FALSE,
        header = FALSE,
        delim = ',',
        quote = '"',
        escape = '"',
        filename = TRUE,
        columns = layout
    );

-- Columns by position like raw_positions, for files with lines of fewer fields: those lack the last ones.
CREATE OR REPLACE MACRO raw_padded_positions(files, layout) AS TABLE
    SELECT *
    FROM read_csv(
        files,
        auto_detect = FALSE,
        header = FALSE,
        delim = ',',
        quote = '"',
        escape = '"',
        null_padding = TRUE,
        filename = TRUE,
        columns = layout
    );

-- When a member was written, to the minute, by the archive that it came in: a naive stamp on the source's own
-- clock. NULL outside an archive. A source's archive often tells the publication of each of its files so.
-- To the minute, because archives count in steps of two seconds and sites in seconds.
CREATE OR REPLACE MACRO member_written(file) AS
DATE_TRUNC('minute', CAST(getvariable('members_written')[file] AS TIMESTAMP));

-- Columns by the names in the header, in lower case, blanks as underscores and those at the edges dropped:
-- for sources that write one name in several ways.
CREATE OR REPLACE MACRO raw_plain_columns(files) AS TABLE
    SELECT *
    FROM read_csv(
        files,
        header = TRUE,
        delim = ',',
        quote = '"',
        escape = '"',
        all_varchar = TRUE,
        normalize_names = TRUE,
        union_by_name = TRUE,
        filename = TRUE
    );
