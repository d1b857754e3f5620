{# Written by `citybase source generate` from sources/registry/. Do not edit:
   change the registry file and generate again. #}
{% macro shape_members(shape) %}
{% set members = {
    'county_grid': [
        ('grid_feixian', 'county_feixian'),
        ('grid_hedong', 'county_hedong'),
        ('grid_junan', 'county_junan'),
        ('grid_lanling', 'county_lanling'),
        ('grid_lanshan', 'county_lanshan'),
        ('grid_linshu', 'county_linshu'),
        ('grid_luozhuang', 'county_luozhuang'),
        ('grid_mengyin', 'county_mengyin'),
        ('grid_pingyi', 'county_pingyi'),
        ('grid_tancheng', 'county_tancheng'),
        ('grid_yinan', 'county_yinan'),
        ('grid_yishui', 'county_yishui'),
    ],
    'e_licence': [
        ('agriculture_licence', 'agriculture_rural'),
        ('civil_licence', 'civil_affairs'),
        ('construction_licence', 'housing_construction'),
        ('disability_licence', 'disabled_federation'),
        ('education_licence', 'education'),
        ('health_licence', 'health_commission'),
        ('labour_licence', 'human_resources'),
        ('land_licence', 'natural_resources'),
        ('licence_issuing', 'administrative_approval'),
        ('market_licence', 'market_regulation'),
        ('security_licence', 'public_security'),
        ('transport_licence', 'transport'),
    ],
} %}
{{ return(members[shape]) }}
{% endmacro %}
