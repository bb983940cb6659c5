-- as_products_agree: a product has the standard name that the registry gives it.
--
-- Severity: error
-- Finds:    products whose as_product_standard is not that of meta.as_products.
-- Reads:    market.ancillary_services (current rows), meta.as_products.
-- Why:      the mapping stands in the transforms and, for people, in the registry; they must say the same.
--           Services that the registry does not list one by one are not looked at.
WITH named AS (
    SELECT
        iso,
        market_type,
        delivery_date,
        as_product,
        as_product_standard,
        COUNT(*) AS rows
    FROM market.ancillary_services
    GROUP BY iso, market_type, delivery_date, as_product, as_product_standard
)

SELECT
    named.*,
    as_products.as_product_standard AS declared
FROM named
INNER JOIN meta.as_products
    ON
        named.iso = as_products.iso
        AND named.as_product = as_products.as_product
WHERE named.as_product_standard <> as_products.as_product_standard
