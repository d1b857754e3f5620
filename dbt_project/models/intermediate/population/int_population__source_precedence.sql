{{ source_precedence('population', population_attributes()) }}
