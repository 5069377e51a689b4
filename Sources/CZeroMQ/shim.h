#include <zmq.h>
#include <pthread.h>

// The system's headers show it only to those who ask for everything that is GNU's.
int pthread_setname_np(pthread_t thread, const char *name);
