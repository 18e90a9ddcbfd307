#include <postgresql/libpq-fe.h>
#include <sys/eventfd.h>
