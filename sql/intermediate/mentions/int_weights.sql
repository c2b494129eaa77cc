-- Grain: one row: the weights of
-- E = w_likes·likes + w_replies·replies + w_shares·(reposts + quotes) + w_upvotes·max(upvotes, 0).
with weights as (
    select
        setting_name,
        cast(setting_value as double) as weight
    from {{ ref('stg_settings') }}
    where setting_name in ('weight_likes', 'weight_replies', 'weight_shares', 'weight_upvotes')
)

select
    coalesce(max(case when setting_name = 'weight_likes' then weight end), cast(1 as double)) as weight_likes,
    coalesce(max(case when setting_name = 'weight_replies' then weight end), cast(1 as double)) as weight_replies,
    coalesce(max(case when setting_name = 'weight_shares' then weight end), cast(1 as double)) as weight_shares,
    coalesce(max(case when setting_name = 'weight_upvotes' then weight end), cast(1 as double)) as weight_upvotes
from weights
