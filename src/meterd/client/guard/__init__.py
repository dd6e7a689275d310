"""Classification and redaction of texts, and the meters of AI Guard, for one AI agent."""
