"""Coverage in the running gateway: facts are followed, verdicts written whenever they change."""
