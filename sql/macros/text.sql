-- text: what raw text says, read strictly.
--
-- What:  scalar macros over one field of a raw file.
-- Why:   a cast that guesses is how a wrong row becomes a quiet one. These answer NULL where the text is
--        not what it should be, so that the transform can object to the row.

-- A blank field is no value.
CREATE OR REPLACE MACRO blank_to_null(field) AS
NULLIF(TRIM(field), '');

-- Text for strptime. DuckDB 1.5.5 reads past the end of a text that is blank, or that stops where the format
-- goes on with a fixed character; where that is the end of the process's memory, the process dies. A blank at
-- the end stops it, and is not taken for a part of the stamp.
CREATE OR REPLACE MACRO stamp_text(field) AS
blank_to_null(field) || ' ';

-- A stamp of ISO 8601 that says it is UTC. A cast to TIMESTAMP would drop a foreign offset in silence.
CREATE OR REPLACE MACRO utc_of_iso_stamp(field) AS
try_strptime(stamp_text(field), ['%Y-%m-%dT%H:%M:%S-00:00', '%Y-%m-%dT%H:%M:%S+00:00', '%Y-%m-%dT%H:%M:%SZ']);

-- A stamp of ISO 8601 without a zone, with or without fractions of a second.
CREATE OR REPLACE MACRO naive_of_iso_stamp(field) AS
try_strptime(stamp_text(field), ['%Y-%m-%dT%H:%M:%S', '%Y-%m-%dT%H:%M:%S.%f']);

-- A moment, unless its year was printed with two digits: 6/1/24 would become the year 24.
CREATE OR REPLACE MACRO in_our_era(stamp) AS
CASE WHEN stamp >= TIMESTAMP '1900-01-01' THEN stamp END;

-- A month-first stamp on the twelve-hour clock, not padded: 7/2/2018 4:00:00 AM.
CREATE OR REPLACE MACRO naive_of_12_hour_stamp(field) AS
in_our_era(try_strptime(stamp_text(field), '%-m/%-d/%Y %-I:%M:%S %p'));

-- A month-first stamp on the 24-hour clock, with or without seconds: 11/05/2017 01:00.
CREATE OR REPLACE MACRO naive_of_24_hour_stamp(field) AS
in_our_era(try_strptime(stamp_text(field), ['%m/%d/%Y %H:%M:%S', '%m/%d/%Y %H:%M']));

-- A voltage in kV from its label: '69 KV', '34.5', '138kV'. NULL where the label is no number.
CREATE OR REPLACE MACRO kilovolts(label) AS
TRY_CAST(RTRIM(label, ' KVkv') AS DOUBLE);

-- The text of the first element of a name inside a fragment of XML, whatever its namespace prefix.
CREATE OR REPLACE MACRO xml_text(fragment, element) AS
NULLIF(
    REPLACE(
        REPLACE(
            REPLACE(
                TRIM(regexp_extract(fragment, '<(?:\w+:)?' || element || '>\s*([^<]*)<', 1)),
                '&lt;', '<'
            ),
            '&gt;', '>'
        ),
        '&amp;', '&'
    ),
    ''
);

-- The wall time at which an hour begins, from a month-first date and the hour's end: '02:00', '2:00', '02',
-- '2' or '24:00'. NULL where either is none.
CREATE OR REPLACE MACRO wall_of_hour_ending(day, hour_ending) AS
naive_of_24_hour_stamp(TRIM(day) || ' 00:00')
+ CASE
    WHEN regexp_full_match(TRIM(hour_ending), '(0?[1-9]|1[0-9]|2[0-4])(:00)?')
        THEN TO_HOURS(CAST(SPLIT_PART(TRIM(hour_ending), ':', 1) AS INTEGER) - 1)
END;
