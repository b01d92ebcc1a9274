// Declares nothing: the code in LSanLibcrypto.c runs before main.
