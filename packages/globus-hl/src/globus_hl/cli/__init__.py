"""The commands. One module is one command, or one subcommand of ``pyglobus``; what they share:

* :mod:`.program`: how a command starts and ends, whatever happens
* :mod:`.exits`: exit codes; :mod:`.report`: errors in one line
* :mod:`.options`: options in the style of the toolkit's programs, such as ``-tcp-bs 1M``
* :mod:`.groups`: subcommands that are imported when they are asked for
* :mod:`.display`, :mod:`.bar`, :mod:`.events`: progress as text, as a bar, as JSON
"""
