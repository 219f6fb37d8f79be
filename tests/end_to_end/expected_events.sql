-- Every event as CleverTap should hold it: the mapping of meltano.yml once more, in another
-- language. Nulls are properties that are left out.
SELECT customer_id, 'Charged' AS name, floor(extract(epoch FROM ordered_at))::bigint AS ts,
    jsonb_strip_nulls(jsonb_build_object(
        'Charged ID', id,
        'Amount', nullif(total, 'NaN'),
        'Currency', currency,
        'Gift', is_gift,
        -- Of a line item, texts are cut and what is not flat becomes text.
        'Items', (
            SELECT jsonb_agg((
                SELECT jsonb_object_agg(key, CASE jsonb_typeof(value)
                    WHEN 'string' THEN to_jsonb(left(value #>> '{}', 512))
                    WHEN 'array' THEN to_jsonb(replace(value::text, ', ', ','))
                    ELSE value
                END)
                FROM jsonb_each(item)
            ) ORDER BY place)
            FROM jsonb_array_elements(line_items) WITH ORDINALITY AS items (item, place)
        )
    ))::text AS properties
FROM orders
WHERE id::text <> ALL (%(rejected_orders)s)
UNION ALL
SELECT customer_id, event, happened_at,
    jsonb_strip_nulls(jsonb_build_object(
        'Page', page,
        'Device', device,
        'Seconds', CASE WHEN duration_seconds <> 'NaN' THEN duration_seconds END
    ))::text
FROM page_views
WHERE id::text <> ALL (%(rejected_page_views)s)
