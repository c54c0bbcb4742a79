-- Cells of exports are safe in programs that take other signs for separators, and imports read them back (models/transfers/cells.py).

CREATE OR REPLACE FUNCTION muster_join_list(items text[]) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN array_to_string(items, '') !~ '[;\\"]' THEN array_to_string(items, ';')
                ELSE (SELECT string_agg(CASE WHEN starts_with(item, '"') THEN '\' ELSE '' END
                                        || replace(replace(item, '\', '\\'), ';', '\;'), ';' ORDER BY place)
                      FROM unnest(items) WITH ORDINALITY AS t (item, place))
           END;

CREATE OR REPLACE FUNCTION muster_guard(cell text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (cell ~ E'^''*[=+@\t\r\n＝＋－＠-]' AND cell !~ '^[+-][0-9]+(\.[0-9]+)?$') OR cell ~ '^''+[0-9]+$' THEN '''' ELSE '' END
        || CASE WHEN cell ~ E'[;|\t\r\n]'
                THEN regexp_replace(cell, E'([;|\t\r\n])(?=["'']*[=+@\t\r\n＝＋－＠-])(?![+-][0-9]+(\\.[0-9]+)?([;|\t\r\n]|$))', E'\\1''', 'g')
                ELSE cell END;

-- As above; with is_key, for columns whose leading apostrophe imports take off.
CREATE FUNCTION muster_guard(cell text, is_key boolean) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN is_key AND starts_with(cell, '''') AND cell !~ E'^''*[=+@\t\r\n＝＋－＠-]|^''+[0-9]+$' THEN '''' ELSE '' END
        || muster_guard(cell);
