// Nothing is called from outside: what is in LSanLibcrypto.c runs before main.
