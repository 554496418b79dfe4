/* python.exe: what the official one is, a caller of python3xx.dll. */
#include <wchar.h>

int _dowildcard = 0; /* as there: what has a * is not replaced by names of files */

__declspec(dllimport) int Py_Main(int, wchar_t **);

int wmain(int argc, wchar_t **argv)
{
    return Py_Main(argc, argv);
}
