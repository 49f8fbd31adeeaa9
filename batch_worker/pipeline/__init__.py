"""From a recording to a result: stages that fold one draft."""
