-- workbooks: rows of sheets whose columns do not stand in one place.
--
-- What:  a table macro that gives the cells of a row as a list.
-- Why:   who lays out a sheet for the eye moves its columns, merges cells and puts titles between the rows. A
--        transform then finds its columns by their titles, wherever they are.

-- One row per line of the files, blank cells as NULL, at most 64 of them: a wider line is an error.
CREATE OR REPLACE MACRO raw_cells(files) AS TABLE
    SELECT
        filename,
        LIST_TRANSFORM(
            [
                c01, c02, c03, c04, c05, c06, c07, c08, c09, c10, c11, c12, c13, c14, c15, c16, c17, c18,
                c19, c20, c21, c22, c23, c24, c25, c26, c27, c28, c29, c30, c31, c32, c33, c34, c35, c36,
                c37, c38, c39, c40, c41, c42, c43, c44, c45, c46, c47, c48, c49, c50, c51, c52, c53, c54,
                c55, c56, c57, c58, c59, c60, c61, c62, c63, c64
            ],
            LAMBDA cell: blank_to_null(cell)
        ) AS cells
    FROM
        raw_padded_positions(
            files,
            layout := {
                'c01': 'VARCHAR',
                'c02': 'VARCHAR',
                'c03': 'VARCHAR',
                'c04': 'VARCHAR',
                'c05': 'VARCHAR',
                'c06': 'VARCHAR',
                'c07': 'VARCHAR',
                'c08': 'VARCHAR',
                'c09': 'VARCHAR',
                'c10': 'VARCHAR',
                'c11': 'VARCHAR',
                'c12': 'VARCHAR',
                'c13': 'VARCHAR',
                'c14': 'VARCHAR',
                'c15': 'VARCHAR',
                'c16': 'VARCHAR',
                'c17': 'VARCHAR',
                'c18': 'VARCHAR',
                'c19': 'VARCHAR',
                'c20': 'VARCHAR',
                'c21': 'VARCHAR',
                'c22': 'VARCHAR',
                'c23': 'VARCHAR',
                'c24': 'VARCHAR',
                'c25': 'VARCHAR',
                'c26': 'VARCHAR',
                'c27': 'VARCHAR',
                'c28': 'VARCHAR',
                'c29': 'VARCHAR',
                'c30': 'VARCHAR',
                'c31': 'VARCHAR',
                'c32': 'VARCHAR',
                'c33': 'VARCHAR',
                'c34': 'VARCHAR',
                'c35': 'VARCHAR',
                'c36': 'VARCHAR',
                'c37': 'VARCHAR',
                'c38': 'VARCHAR',
                'c39': 'VARCHAR',
                'c40': 'VARCHAR',
                'c41': 'VARCHAR',
                'c42': 'VARCHAR',
                'c43': 'VARCHAR',
                'c44': 'VARCHAR',
                'c45': 'VARCHAR',
                'c46': 'VARCHAR',
                'c47': 'VARCHAR',
                'c48': 'VARCHAR',
                'c49': 'VARCHAR',
                'c50': 'VARCHAR',
                'c51': 'VARCHAR',
                'c52': 'VARCHAR',
                'c53': 'VARCHAR',
                'c54': 'VARCHAR',
                'c55': 'VARCHAR',
                'c56': 'VARCHAR',
                'c57': 'VARCHAR',
                'c58': 'VARCHAR',
                'c59': 'VARCHAR',
                'c60': 'VARCHAR',
                'c61': 'VARCHAR',
                'c62': 'VARCHAR',
                'c63': 'VARCHAR',
                'c64': 'VARCHAR'
            }
        );

-- The day that a cell says, as a sheet's date or in figures: 2025-03-09 or 3/9/2025. NULL where it is none.
CREATE OR REPLACE MACRO day_of_cell(cell) AS
CAST(in_our_era(try_strptime(stamp_text(cell), ['%Y-%m-%d', '%m/%d/%Y'])) AS DATE);
