-- decimals: sums of prices without binary rounding.
--
-- What:  scalar macros over prices as published.
-- Why:   0.3 - 0.1 is not 0.2 in binary. A derived component must be the decimal a reader of the file
--        would compute by hand. A DOUBLE that was printed with up to six decimals is recovered exactly by
--        the cast to DECIMAL, and the division back to DOUBLE is rounded once, correctly.

-- Total less two parts, as the DOUBLE nearest to the exact decimal.
CREATE OR REPLACE MACRO exact_remainder(total, first_part, second_part) AS
CAST(
    CAST(total AS DECIMAL(18, 6)) - CAST(first_part AS DECIMAL(18, 6)) - CAST(second_part AS DECIMAL(18, 6))
    AS DOUBLE
);
