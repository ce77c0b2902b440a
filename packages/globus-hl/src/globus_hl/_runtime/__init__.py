"""How Python waits for the Globus libraries.

The libraries start an operation and call back, on threads of their own, when it is over. Here that becomes
one kind of future (:class:`.completion.Completion`), which three drivers (:mod:`.drivers`) wait for: a
blocking call, an asyncio task, and nobody (work that goes on in the background). What happens between the
waits is written once, as ``async def`` functions that await completions and know nothing of the driver.

No thread is made for a call, and nothing is polled: callbacks wake the waiter, and deadlines are the
time-outs of its wait.
"""
