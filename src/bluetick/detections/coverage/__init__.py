"""How well the techniques that rules name are covered: by evidence, not by what rules say of themselves."""
