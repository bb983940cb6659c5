-- documents: JSON of any nesting, item by item.
--
-- What:  a table macro over whole documents, and a scalar macro that takes their items.
-- Why:   some services wrap their items in one, two or no envelopes, and write an array of one as a bare
--        item. The engine has compared the keys of the first item before; numbers stay text until a
--        transform types them, so that the decimal is the one that was printed.

-- One row per document of the files, as JSON.
CREATE OR REPLACE MACRO raw_documents(files) AS TABLE
    SELECT
        filename,
        json AS document
    FROM read_json_objects(files, format = 'unstructured', filename = TRUE, maximum_object_size = 33554432);

-- The items under a key: those of an array, the one where there is no array, none where there is nothing.
CREATE OR REPLACE MACRO json_items(found) AS
CASE json_type(found)
    WHEN 'ARRAY' THEN CAST(found AS JSON[])
    WHEN 'OBJECT' THEN [found]
    ELSE []
END;
