-- The profile of every user, as CleverTap should hold it: the mapping of meltano.yml once more, in
-- another language. Nulls are properties that are left alone.
SELECT customer_id, jsonb_strip_nulls(jsonb_build_object(
    'Name', full_name,
    'Nickname', nickname,
    'Email', nullif(trim(email), ''),
    -- CleverTap keeps a phone number as a number, without its plus.
    'Phone', CASE
        WHEN mobile = '' THEN NULL
        WHEN starts_with(mobile, '+') THEN regexp_replace(mobile, '\D', '', 'g')::bigint
        ELSE (CASE country_code WHEN 'DE' THEN '49' WHEN 'IN' THEN '91' WHEN 'US' THEN '1'
                                WHEN 'BR' THEN '55' WHEN 'AE' THEN '971' END
              || ltrim(regexp_replace(mobile, '\D', '', 'g'), '0'))::bigint
    END,
    'DOB', '$D_' || extract(epoch FROM birth_date)::bigint,
    'Gender', nullif(upper(left(gender, 1)), ''),
    'Education', education,
    'Employed', CASE WHEN is_employed THEN 'Y' WHEN NOT is_employed THEN 'N' END,
    'MSG-email', newsletter,
    'MSG-sms', sms_allowed,
    'Interests', CASE
        WHEN cardinality(tags) > 100 THEN to_jsonb(tags[cardinality(tags) - 99:])
        ELSE to_jsonb(tags)
    END,
    'Balance', nullif(balance, 'NaN'),
    'Lifetime spend', nullif(lifetime_spend, 'NaN'),
    'Loyalty number', loyalty_number,
    'Credit score', credit_score::numeric,
    'Member since', '$D_' || extract(epoch FROM to_date(member_since, 'DD.MM.YYYY'))::bigint,
    'Last seen', '$D_' || last_seen_ms / 1000,
    'City', attributes #> '{address,city}',
    'Full address', (attributes #>> '{address,street}') || ', ' || (attributes #>> '{address,city}'),
    'Preferences', replace(replace((attributes -> 'preferences')::text, ': ', ':'), ', ', ','),
    'About', left(bio, 512),
    'Source', 'shop'
))::text AS properties
FROM users
WHERE id <> ALL (%(rejected)s)
ORDER BY id
