// The drivers of the real kernel; the program picks one at start.
#pragma once

#include "penstock/driver.h"
#include "runtime/epoll_driver.h"    // where io_uring is refused
#include "runtime/kernel_sockets.h"  // sockets without a driver
#include "runtime/kernel_tls.h"      // what the kernel offers to seal
#include "runtime/uring_driver.h"    // the product
