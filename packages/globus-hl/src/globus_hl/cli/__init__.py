"""The commands. One module is one command; what they share:

* :mod:`.program`: how a command starts and ends, whatever happens
* :mod:`.exits`: exit codes; :mod:`.report`: errors in one line
* :mod:`.options`: options in the style of the toolkit's programs, such as ``-tcp-bs 1M``
* :mod:`.display`, :mod:`.bar`, :mod:`.events`: progress as text, as a bar, as JSON
"""
