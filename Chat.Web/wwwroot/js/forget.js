// Here nobody is signed in, or somebody else is about to be: an offline start shows nobody's copy.
localStorage.removeItem('chat-user');
