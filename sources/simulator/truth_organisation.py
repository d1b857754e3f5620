"""The truth about organisations and licences, as ``truth.duckdb`` keeps it: one query per table.

Add a table here when the score needs another fact about organisations or licences. Keep out: the
truth about people (``generate.py``), and anything a source could not be compared with.
"""


def _history(column: str, attribute: str) -> str:
    """What an attribute was from which day until which: one row per time, the last without end."""
    return f"""
    with slot as (
        select organisation_id, 1 as place, established_date as valid_from, {attribute}_a as held
        from organisation
        union all
        select organisation_id, 2, {attribute}_date_1, {attribute}_b from organisation
        where {attribute}_date_1 is not null
        union all
        select organisation_id, 3, {attribute}_date_2, {attribute}_c from organisation
        where {attribute}_date_2 is not null
    )
    select
        organisation_id,
        place,
        held as {column},
        valid_from,
        lead(valid_from) over (partition by organisation_id order by place) as valid_to,
    from slot
    """


ORGANISATION_TRUTH = {
    "organisation": """
        select
            organisation_id,
            pair as category_code,
            kind as organisation_kind,
            uscc,
            organisation_code,
            registration_number,
            former_registration_number,
            old_tax_number,
            name,
            address,
            division_code,
            registration_division_code,
            industry_code,
            established_date,
            status_code,
            abnormal_date,
            restored_date,
            revoked_date,
            cancelled_date,
            ended_date,
            representative_person_id,
            head_organisation_id,
            host_organisation_id,
            supervisor_organisation_id,
            successor_id as successor_organisation_id,
            succeeded_date,
        from organisation
        """,
    "organisation_name": _history("name", "name"),
    "organisation_address": _history("address", "address"),
    "organisation_representative": _history("person_id", "officer"),
    "organisation_event": "select organisation_id, event_type_code, event_date"
    " from organisation_event where event_date <= getvariable('now')",
    "succession": "select predecessor_id, successor_id, kind_code, succeeded_date from succession",
    "shareholder": """
        select
            organisation_id,
            place,
            person_id,
            holder_organisation_id,
            percent as contribution_percent,
            contributed_wan_cny,
            is_wrong_sum,
        from shareholder
        """,
}

LICENCE_TRUTH = {
    "licence": """
        select
            _system_code as system_code,
            record_no as source_key,
            _licence_id as licence_id,
            _version as version,
            _last_version as last_version,
            licence_type_code,
            _issuer_organisation_id as issuer_organisation_id,
            coalesce(_true_identifier, licence_identifier) as licence_identifier,
            _is_well_formed as is_well_formed,
            _holder_kind_code as holder_kind_code,
            _person_id as person_id,
            _organisation_id as organisation_id,
            _has_valid_holder as has_valid_holder,
            state_code as stated_state_code,
            valid_from,
            _valid_to as valid_to,
            _holder_end_date as holder_end_date,
            _defects as defects,
        from source.e_licence__licence
        """,
    # One row per record and holder; place 0 is the first named.
    "licence_holder": """
        select
            _system_code as system_code,
            record_no as source_key,
            0 as place,
            _person_id as person_id,
            _organisation_id as organisation_id,
            _has_valid_holder as has_valid_code,
            _holder_end_date as end_date,
            _defects as defects,
        from source.e_licence__licence
        where _holder_kind_code <> 'joint'
        union all
        select
            licence._system_code,
            licence.record_no,
            row_number() over (
                partition by licence._system_code, licence.record_no order by joint_holder.place
            ) - 1,
            joint_holder.person_id,
            joint_holder.organisation_id,
            joint_holder.has_valid_code,
            joint_holder.end_date,
            joint_holder.defects
        from source.e_licence__licence as licence
        inner join joint_holder
            on licence._system_code = joint_holder.system_code
            and licence._licence_id = joint_holder.licence_id
        where licence._holder_kind_code = 'joint'
        """,
    "licence_operation": """
        select
            _system_code as system_code,
            operation_no as source_key,
            record_no as licence_source_key,
            _licence_id as licence_id,
            _version as version,
            _step as step,
            operation_code,
            operated_at,
            _defects as defects,
        from source.e_licence__operation
        """,
}
