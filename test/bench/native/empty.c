// A program that does nothing: what it costs on this machine to start a process and to reap it. Built as the client is, with the same C library.
int main(void) { return 0; }
