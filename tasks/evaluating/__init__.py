"""How near a reading is to the truth: characters, words, tables, fields and facts. Pure, all of it."""
