{{ source_precedence('legal_entity', legal_entity_attributes()) }}
