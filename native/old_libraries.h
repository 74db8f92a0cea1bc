// Included in front of every file of a prebuilt addon (ROWNET_PREBUILD). A linker takes the newest version of a
// function that its C library has, so that what is built on Debian 12 would ask for glibc 2.34 and for the libstdc++ of
// GCC 12. These are the functions that made it so, at the version that x86-64 has always had. The addon then asks for
// less than Node 20 itself does (glibc 2.28). Linking libstdc++ and libgcc statically would raise the demand to glibc
// 2.35, since their own calls are bound to the new versions.
#include <stdlib.h>  // defines __GLIBC__ where that is the C library

#include <new>  // defines __GLIBCXX__ where that is the C++ library

#if defined(__GLIBC__) && defined(__x86_64__)
__asm__(".symver exp, exp@GLIBC_2.2.5");
__asm__(".symver log, log@GLIBC_2.2.5");
__asm__(".symver pthread_mutex_trylock, pthread_mutex_trylock@GLIBC_2.2.5");
// std::condition_variable::wait(std::unique_lock<std::mutex>&)
__asm__(
    ".symver _ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE, "
    "_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE@GLIBCXX_3.4.11");
#endif

// GCC 11's vectors call it where they would be too long, and older libraries do not have it. The objects of the levels
// (ROWNET_NAME) share no function, and have no vectors.
#if defined(__GLIBCXX__) && !defined(ROWNET_NAME)
namespace std {
[[noreturn]] __attribute__((weak, visibility("hidden"))) void __throw_bad_array_new_length() {
  throw bad_alloc();
}
}  // namespace std
#endif
