"""The words: English stands in the code, Japanese in ja/LC_MESSAGES/messages.po; `check` keeps them whole."""
