"""The words: English stands in the code, Japanese in ja/LC_MESSAGES/messages.po. `update` and `check` keep them whole."""
